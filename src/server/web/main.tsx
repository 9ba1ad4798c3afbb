import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';
import './styles/pages.css';
import { stayLive } from './lib/live.js';
import { followLinks } from './lib/router.js';
import { App } from './shell/app.js';

followLinks();
void stayLive();
const root = document.getElementById('app');
if (root === null) throw new Error('the page has no place for the app');
render(<App />, root);

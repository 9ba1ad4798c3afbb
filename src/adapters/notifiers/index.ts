import { file } from './file.js';
import { stdout } from './stdout.js';

/** Every kind of notifier. Adding one: its file, and its line here. */
export const NOTIFIERS = [file, stdout] as const;

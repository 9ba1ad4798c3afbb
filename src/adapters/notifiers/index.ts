import { email } from './email.js';
import { file } from './file.js';
import { pagerduty } from './pagerduty.js';
import { slack } from './slack.js';
import { stdout } from './stdout.js';
import { webhook } from './webhook.js';

/** Every kind of notifier. Adding one: its file, and its line here. */
export const NOTIFIERS = [slack, pagerduty, webhook, email, file, stdout] as const;

import { engine } from './engine.js';
import { haproxy } from './haproxy.js';

/** Every kind of actuator. Adding one: its file, and its line here. */
export const actuators = [haproxy, engine] as const;

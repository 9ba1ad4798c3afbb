import { command } from './command.js';
import { engine } from './engine.js';
import { haproxy } from './haproxy.js';
import { kubernetes } from './kubernetes.js';
import { processActuator } from './process.js';

/** Every kind of actuator. Adding one: its file, and its line here. */
export const actuators = [haproxy, engine, processActuator, command, kubernetes] as const;

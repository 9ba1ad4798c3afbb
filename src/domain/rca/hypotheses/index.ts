import { application } from './application.js';
import { capacityLimits } from './capacity-limits.js';
import { codeRegression } from './code-regression.js';
import { configuration } from './configuration.js';
import { externalDependency } from './external-dependency.js';
import type { Hypothesis } from './hypothesis.js';
import { infrastructure } from './infrastructure.js';
import { network } from './network.js';
import { resourceContention } from './resource-contention.js';

/** All hypotheses, one a kind. A new one is a file, a line here, and a test. */
export const HYPOTHESES: readonly Hypothesis[] = [
  infrastructure,
  application,
  network,
  configuration,
  resourceContention,
  externalDependency,
  capacityLimits,
  codeRegression,
];

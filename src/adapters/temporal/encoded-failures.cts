import common = require('@temporalio/common');

/**
 * Puts messages and stack traces of failures into a payload, which the codec then encrypts: they name
 * replicas, addresses and what was done. Only where payloads are encrypted; else nobody could read them.
 *
 * CommonJS, since the SDK loads converters by `require`.
 */
const failureConverter = new common.DefaultFailureConverter({ encodeCommonAttributes: true });

export = { failureConverter };

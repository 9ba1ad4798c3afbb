import { InterceptingCall, type Interceptor, Metadata, status } from '@grpc/grpc-js';
import {
  type ConnectionPlugin,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';

/**
 * Lets a connection be closed while the SDK waits to repeat a call. Its timer fires all the same, and
 * grpc then throws where nobody can catch it: the process would die of its own clean stop, and the
 * call would never settle. With this the call is rejected with gRPC's CANCELLED.
 */
export const CLOSABLE: ConnectionPlugin = {
  name: 'closable',
  configureConnection: (options) => ({
    ...options,
    interceptors: options.interceptors ?? [
      makeGrpcRetryInterceptor(defaultGrpcRetryOptions()),
      endCallsOfClosedChannel,
    ],
  }),
};

const endCallsOfClosedChannel: Interceptor = (options, nextCall) => {
  try {
    return new InterceptingCall(nextCall(options));
  } catch (error) {
    const details = error instanceof Error ? error.message : String(error);
    return new InterceptingCall(endedCall(details));
  }
};

/** A call that was over before it began: not tried, and not worth another try. */
function endedCall(details: string): ConstructorParameters<typeof InterceptingCall>[0] {
  const nothing = (): void => undefined;
  return {
    start: (_metadata, listener) => {
      listener?.onReceiveMessage?.(null);
      listener?.onReceiveStatus?.({ code: status.CANCELLED, details, metadata: new Metadata() });
    },
    sendMessage: nothing,
    sendMessageWithContext: nothing,
    startRead: nothing,
    halfClose: nothing,
    cancelWithStatus: nothing,
    getPeer: () => 'closed',
    getAuthContext: () => null,
  };
}

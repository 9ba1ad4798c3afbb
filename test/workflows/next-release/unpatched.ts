import { sleep, type WorkflowInterceptors } from '@temporalio/workflow';

/** The same change without `patched`: it breaks what is under way. */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      async scheduleActivity(input, next) {
        await sleep(1);
        return next(input);
      },
    },
  ],
});

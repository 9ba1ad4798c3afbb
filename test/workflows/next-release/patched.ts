import { patched, sleep, type WorkflowInterceptors } from '@temporalio/workflow';

/** A next release whose workflows pause before each activity: `patched`, as docs/operating.md asks for. */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      async scheduleActivity(input, next) {
        if (patched('pauses-before-activities')) await sleep(1);
        return next(input);
      },
    },
  ],
});

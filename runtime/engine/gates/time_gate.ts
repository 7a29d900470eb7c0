/** Time: the next try is not due. */
import type { Gate } from "./gate.ts";

export const RETRY_GATE: Gate = {
  name: "retry",
  unmet: ({ instance, now }) => {
    const due =
      instance?.state === "up_for_retry"
        ? (instance.retryAt ?? instance.slotRequest?.notBefore ?? null)
        : null;
    if (due === null || due <= now) return [];
    return [
      `tries again at ${due.toISOString()}${instance?.reason ? `, after: ${instance.reason}` : ""}`,
    ];
  },
};

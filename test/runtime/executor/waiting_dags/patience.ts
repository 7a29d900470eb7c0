/** Retries and time-outs by every rule there is. */
import { dag, RetryAfter } from "dagsmith";

const d = dag("patience", { defaults: { retries: 2, retryDelay: "0s" } });
class Refused extends Error {}
d.task("not_this_error", { retryIf: (error) => !(error instanceof Refused) }, () => {
  throw new Refused("no");
});
d.task("this_error", { retryIf: (error) => error.message === "passes" }, ({ tryNumber }) => {
  if (tryNumber < 3) throw new Error("passes");
  return tryNumber;
});
d.task(
  "unsure",
  {
    retries: 1,
    retryIf: () => {
      throw new Error("cannot say");
    },
  },
  () => {
    throw new Error("no");
  },
);
const denied = (): never => {
  throw Object.assign(new Error("denied"), { retryable: false });
};
d.task("says_that_no_retry_helps", denied);
d.task("is_retried_all_the_same", { retryIf: ({ message }) => message === "denied" }, denied);
d.task("is_asked_to_wait", { retryDelay: "1h" }, ({ tryNumber }) => {
  if (tryNumber === 1) throw new RetryAfter("10ms");
  return tryNumber;
});
d.task("asks_in_seconds", { retryDelay: "1h" }, ({ tryNumber }) => {
  if (tryNumber === 1) throw Object.assign(new Error("busy"), { retryAfter: 0.01 });
  return tryNumber;
});
d.task("has_no_more_time", { retryDelay: "10s", retryTotal: "5s" }, () => {
  throw new Error("no");
});
d.task(
  "all_too_long",
  { totalTimeout: "300ms", retryDelay: "100ms", retries: 9 },
  async ({ tryNumber, signal }) => {
    if (tryNumber === 1) throw new Error("once");
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  },
);
export default d;

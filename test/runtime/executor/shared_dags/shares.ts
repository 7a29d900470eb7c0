/** Tasks that say in their log that they ran, and how they hold up what waits behind. */
import { existsSync } from "node:fs";
import { dag } from "dagsmith";

const d = dag("shares");

d.task("says", ({ log }) => log.info("ran"));

/** Uses the processor until a file exists. */
d.task("blocks", ({ log, params }) => {
  log.info("ran");
  const { file } = params as unknown as { readonly file: string };
  while (!existsSync(file));
});

/** Waits until it is asked to stop. */
d.task("waits", async ({ log, signal }) => {
  log.info("ran");
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
});

d.task("asks", async ({ log, variable }) => {
  log.info("ran");
  return variable("answer");
});

/** Leaves another environment behind. */
d.task("leaves", ({ log }) => {
  log.info("ran");
  process.env.LEFT_BEHIND = "yes";
});

export default d;

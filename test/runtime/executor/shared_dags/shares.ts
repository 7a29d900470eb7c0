/** Tasks that say in their log that they ran: a short one, and one that takes its process. */
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

export default d;

/** Tasks that show with an XCom that they ran. */
import { dag } from "dagsmith";

const d = dag("begins", { onFailure: () => undefined });

d.task("work", async ({ xcom }) => {
  await xcom.push("ran", true);
  return "done";
});

d.task("is_killed", async ({ xcom }) => {
  await xcom.push("ran", true);
  process.kill(process.pid, "SIGKILL");
});

export default d;

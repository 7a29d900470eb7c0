/** What tasks print. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { dag } from "dagsmith";

const d = dag("logs");
d.task("in_order", async ({ log }) => {
  log.debug("one", { n: 1 });
  console.log("two %s", "formatted");
  console.error("three");
  process.stdout.write("fo");
  process.stdout.write("ur\nfi");
  log.warn("between");
  process.stdout.write("ve\n");
  log.error("six");
  process.stdout.write("seven, without an end");
});
d.task("from_a_child", async () => {
  execFileSync("sh", ["-c", "echo out of a child; echo err of a child >&2; printf 'half a line'"], {
    stdio: "inherit",
  });
  await once(spawn("true", { stdio: "inherit" }), "close");
});
d.task(
  "last_words",
  { each: Array.from({ length: 300 }, (_, at) => at) },
  async ({ log, item }) => {
    log.info("through the channel");
    writeSync(1, `${item} through the pipe\n`);
  },
);
d.task("one_long_line", async () => {
  console.log("x".repeat(5_000_000));
});
d.task("a_long_line_of_a_child", async () => {
  execFileSync("sh", ["-c", "head -c 3000000 /dev/zero | tr '\\0' y"], { stdio: "inherit" });
});
d.task("odd_bytes", async ({ log }) => {
  log.info("nul \0, escape \u001b[31mred\u001b[0m, return 10%\r20%");
  process.stdout.write(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a]));
  process.stdout.write(Buffer.from("é").subarray(0, 1));
  process.stdout.write(Buffer.from("é\n").subarray(1));
});
d.task("a_flood", async ({ log }) => {
  for (let line = 0; line < 20_000; line++) log.info(`line ${line} ${"z".repeat(100)}`);
});
d.task("secrets", async ({ connection, log }) => {
  const { password } = await connection("warehouse");
  log.info("logging in with", { password });
  process.stdout.write(String(password).slice(0, 5));
  process.stdout.write(`${String(password).slice(5)}\n`);
  execFileSync("sh", ["-c", `echo child says ${password}`], { stdio: "inherit" });
  throw new Error(`the server refused ${password}`, {
    cause: new Error(`as ${password} is wrong`),
  });
});
export default d;

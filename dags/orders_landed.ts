/**
 * Waits for the day's file of orders in S3 without holding a slot, counts it, and says so
 * when it does not come in time. Connections: `s3` and `discord`. Paused until a person
 * unpauses it.
 */
import { type Callback, dag } from "dagsmith";
import { s3Hook, s3KeySensor } from "dagsmith/plugins/aws";
import { discordHook } from "dagsmith/plugins/discord";

const tell: Callback = async ({ dagId, logicalDate, reason, hook }) => {
  await (await hook(discordHook("discord"))).send(
    `${dagId} of ${logicalDate.toISODate()}: ${reason}`,
  );
};

const d = dag("orders_landed", {
  schedule: "@daily",
  startDate: "2026-01-01",
  pausedAtCreation: true,
  deadlines: [{ reference: "queuedAt", interval: "4h", callback: tell }],
});

const landed = d.sensor(
  "landed",
  { interval: "1m", timeout: "12h", backoff: 1.5, maxInterval: "15m", onFailure: tell },
  s3KeySensor({
    s3: "s3",
    bucket: "lake",
    key: ({ dataInterval }) => `orders/${dataInterval.start.toISODate()}.csv`,
    minBytes: 1,
  }),
);

d.task("count", { inputs: { landed } }, async ({ inputs, hook }) => {
  const s3 = await hook(s3Hook("s3"));
  const [file] = inputs.landed;
  const lines = file
    ? (await s3.getText("lake", file.key)).split("\n").filter((line) => line !== "")
    : [];
  return { orders: Math.max(0, lines.length - 1) };
});

export default d;

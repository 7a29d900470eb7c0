/**
 * Each new order in a table starts a container that handles it. The container gets the
 * change as JSON, and says what it did. An exit code of 99 skips the order; 2 is an order
 * that no other try can mend. Started by the writes themselves:
 * `dag changes install orders_in_a_container`.
 *
 * Connection: `shop`, a PostgreSQL. Variable: `order_image`, an image whose command reads
 * the file $DAGSMITH_INPUT; default `order-handler:1`. Needs the package dockerode and a
 * container engine on the machine of the worker.
 */
import { dag, postgresChanges, SkipTask } from "dagsmith";
import { docker } from "dagsmith/plugins/docker";
import { z } from "zod";

const orders = postgresChanges({
  connection: "shop",
  table: "orders",
  operations: ["insert"],
  name: "new_orders",
});

const d = dag("orders_in_a_container", {
  on: [orders],
  maxActiveRuns: 4,
  description: "Handles each new order in a container",
  defaults: { retries: 2, retryDelay: "10s", executionTimeout: "10m" },
});

const order = d.task("order", ({ triggeredBy }) => {
  const id = triggeredBy(orders)[0]?.newKey?.id;
  if (id === undefined) throw new SkipTask("no order made this run");
  return { id: String(id) };
});

const handled = d.task(
  "handle",
  { inputs: { order } },
  docker({
    image: ({ variable }) => variable("order_image", "order-handler:1"),
    env: { ORDER_ID: ({ inputs }) => inputs.order.id },
    network: "none",
    resources: { cpus: 1, memory: "256m" },
    failOn: [2],
    output: z.object({ handled: z.string() }),
  }),
);

d.task("report", { inputs: { handled } }, ({ inputs, log }) =>
  log.info(`handled order ${inputs.handled.handled}`),
);

export default d;

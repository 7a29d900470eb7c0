/** Each kind of order, in containers of Podman. */
import { runDag } from "dagsmith/testing";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import orders from "../../dags/orders_in_a_container.ts";
import { describeWith } from "../support/counterpart.ts";
import { findPodman, IMAGE, type Podman, startPodman } from "../support/podman.ts";

/** Handles an order by its id: 1 is good, 2 is refused for ever, 3 is none of its own. */
const HANDLER = `case "$ORDER_ID" in
  1) echo "taking order $ORDER_ID"; echo "{\\"handled\\": \\"$ORDER_ID\\"}" > "$DAGSMITH_OUTPUT";;
  2) echo "order $ORDER_ID has no address" >&2; exit 2;;
  *) exit 99;;
esac`;

describeWith("orders_in_a_container with Podman", await findPodman(), () => {
  let engine: Podman;
  beforeAll(async () => {
    engine = await startPodman();
    const id = await engine.podman("create", "--network=none", IMAGE, "true");
    const command = `CMD ${JSON.stringify(["sh", "-c", HANDLER])}`;
    await engine.podman("commit", "--quiet", "--change", command, id, "order-handler:1");
    await engine.podman("rm", id);
  });
  afterAll(() => engine?.stop());
  beforeEach(() => void vi.stubEnv("DOCKER_HOST", engine.host));

  const handle = async (id: string, variables: Record<string, string> = {}) => {
    const change = { id: "1", operation: "insert", schema: "public", table: "orders" } as const;
    const keys = { oldKey: null, newKey: { id }, at: "2026-03-01T00:00:00Z" };
    const log: string[] = [];
    const run = await runDag(orders, {
      trigger: { type: "postgresChanges", name: "new_orders", events: [{ ...change, ...keys }] },
      variables: { order_image: "localhost/order-handler:1", ...variables },
      onEvent: (event) => event.type === "log" && log.push(event.text),
    });
    expect(await engine.containers()).toEqual([]);
    const task = run.tasks.find(({ taskId }) => taskId === "handle")!;
    return { run, task, log };
  };

  it("gives a container the order, and reports what it did", async () => {
    const { run, log } = await handle("1");
    expect(run.state).toBe("success");
    expect(run.xcom("handle")).toEqual({ handled: "1" });
    expect(log).toEqual(expect.arrayContaining(["taking order 1", "handled order 1"]));
  });

  it("does not try an order again that the container refuses", async () => {
    const { task } = await handle("2");
    expect(task).toMatchObject({ state: "failed", tryNumber: 1 });
    expect(task.error?.message).toMatch(/exited with code 2\. Its last lines:\norder 2 has no/);
  });

  it("skips an order that the container skips", async () => {
    expect((await handle("3")).task.state).toBe("skipped");
  });

  it("fails when its image is not there", async () => {
    const { task } = await handle("1", { order_image: "127.0.0.1:1/absent:1" });
    expect(task.state).toBe("failed");
    expect(task.error?.message).toContain("The image 127.0.0.1:1/absent:1 cannot be pulled");
  });
});

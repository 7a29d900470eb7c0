/** The hook of Kafka. The client is loaded when a task opens it. */
import { defineHook } from "dagsmith";
import { kafkaConnection } from "./connection.ts";
import type { Kafka } from "./session.ts";

/**
 * Kafka through a connection of type `kafka`: host and port of a broker or
 * `extra["bootstrap.servers"]`, login and password for SASL, `extra["security.protocol"]`
 * for TLS. Needs the package @platformatic/kafka.
 * @throws DagsmithError PACKAGE_MISSING
 * @example
 * const kafka = await hook(kafkaHook("events"));
 * await kafka.send("orders", rows.map((row) => ({ key: String(row.id), value: row })));
 */
export const kafkaHook = defineHook<Kafka>({
  types: kafkaConnection.ids,
  open: async (connection, { signal }) => {
    const { openKafka } = await import("./open.ts");
    return openKafka(kafkaConnection.read(connection), signal);
  },
  close: (kafka) => kafka.close(),
});

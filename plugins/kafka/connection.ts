/**
 * The connection type `kafka`, in Airflow's form: its extra has the settings of librdkafka
 * by their names.
 */
import { connectionType } from "dagsmith";
import { authorityField, clientCertificateField, clientKeyField } from "dagsmith/plugins/tls";
import { z } from "zod";
import type { KafkaOptions } from "./session.ts";

const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
const PROTOCOLS = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] as const;
const DEFAULT_PORT = 9092;
/** A broker that is gone must not hold a task for longer than a retry would. */
const TIMES = {
  ...{ connectTimeout: 5_000, requestTimeout: 30_000, timeout: 20_000 },
  ...{ retries: 3, retryDelay: 500 },
};

const fields = z.object({
  host: z.string().optional().meta({
    title: "Broker",
    description: "One broker is enough: it names the others.",
  }),
  port: z.int().min(1).max(65_535).default(DEFAULT_PORT).meta({ title: "Port" }),
  login: z.string().optional().meta({ title: "Login" }),
  password: z.string().optional().meta({ title: "Password", writeOnly: true }),
  "bootstrap.servers": z.string().optional().meta({
    title: "Brokers",
    description: "In place of a host: host:port, with commas between several.",
  }),
  "security.protocol": z
    .enum(PROTOCOLS, `is none of ${PROTOCOLS.join(", ")}`)
    .optional()
    .meta({
      title: "Protocol",
      description: "Default: PLAINTEXT, and SASL_SSL with a login.",
    }),
  "sasl.mechanism": z
    .enum(MECHANISMS, `is none of ${MECHANISMS.join(", ")}`)
    .default("PLAIN")
    .meta({ title: "Mechanism of the login" }),
  "sasl.username": z.string().optional().meta({ title: "Login, by its name in librdkafka" }),
  "sasl.password": z
    .string()
    .optional()
    .meta({ title: "Password, by its name in librdkafka", writeOnly: true }),
  "ssl.ca.pem": authorityField,
  "ssl.certificate.pem": clientCertificateField,
  "ssl.key.pem": clientKeyField,
});
type Fields = z.output<typeof fields>;

/** The connection type `kafka`; its fields are read as the options of a client. */
export const kafkaConnection = connectionType({
  id: "kafka",
  title: "Apache Kafka",
  description: "Also Redpanda, Amazon MSK with SCRAM, and other systems with its protocol.",
  example: "kafka://etl:secret@broker:9093?sasl.mechanism=SCRAM-SHA-512",
  fields: fields.transform((given, { addIssue }): KafkaOptions => {
    const brokers = brokersOf(given);
    if (brokers.length === 0) addIssue(NO_BROKER);
    return optionsOf(given, brokers);
  }),
  test: async (options, { signal }) => {
    const { openKafka } = await import("./open.ts");
    const kafka = await openKafka(options, signal);
    try {
      const { brokers } = await kafka.describe();
      return `Kafka at ${options.bootstrapBrokers.join(",")}, brokers: ${brokers}`;
    } finally {
      await kafka.close();
    }
  },
});

const NO_BROKER = {
  code: "custom" as const,
  message: "names no broker: set the host, or bootstrap.servers in extra",
  input: undefined,
};

function brokersOf(given: Fields): string[] {
  const named = given["bootstrap.servers"]?.split(",") ?? [];
  const list = named.length > 0 || !given.host ? named : [`${given.host}:${given.port}`];
  return list
    .map((broker) => broker.trim())
    .filter(Boolean)
    .map((broker) => (/:\d+$/.test(broker) ? broker : `${broker}:${DEFAULT_PORT}`));
}

function optionsOf(given: Fields, bootstrapBrokers: string[]): KafkaOptions {
  const username = given["sasl.username"] ?? given.login;
  const password = given["sasl.password"] ?? given.password ?? "";
  const protocol = given["security.protocol"] ?? (username ? "SASL_SSL" : "PLAINTEXT");
  return {
    ...{ clientId: "dagsmith", bootstrapBrokers, ...TIMES },
    ...(protocol.endsWith("SSL") && { tls: tlsOf(given) }),
    ...(protocol.startsWith("SASL") && {
      sasl: { mechanism: given["sasl.mechanism"], username: username ?? "", password },
    }),
  };
}

function tlsOf(given: Fields): NonNullable<KafkaOptions["tls"]> {
  const [ca, cert, key] = [given["ssl.ca.pem"], given["ssl.certificate.pem"], given["ssl.key.pem"]];
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

/**
 * Stand-ins for the outside systems of the example DAGs, so that `npm start` shows a
 * whole pipeline without any account: a simulated GitHub, an archive of taxi trips, an S3
 * in memory, and the embedded PostgreSQL as the warehouse. A connection that the user
 * sets always replaces its stand-in.
 */
import { type Connection, parseConnection } from "../../../sdk/connection.ts";
import { connectionVariable, type EnvironmentSecrets } from "../../config/environment_secrets.ts";
import type { Running } from "./running.ts";

export interface Sandbox {
  /** The stand-ins, by connection id. */
  readonly connections: Readonly<Record<string, Connection>>;
  /**
   * The address of the warehouse when it is the embedded one; null when the user set
   * another.
   */
  readonly warehouseUrl: string | null;
  /** A sentence for each connection: the real system, or its stand-in. */
  readonly sentences: readonly string[];
}

/** @param postgresUrl the embedded server */
export async function startSandbox(
  environment: EnvironmentSecrets,
  postgresUrl: string,
  running: Running,
): Promise<Sandbox> {
  const [{ startSandboxGithub }, { startSandboxS3 }, { startSandboxTaxi }, { ensureDatabase }] =
    await Promise.all([
      import("../../sandbox/github.ts"),
      import("../../sandbox/s3.ts"),
      import("../../sandbox/taxi.ts"),
      import("../../store/database/server.ts"),
    ]);
  const [github, s3, taxi] = await Promise.all([
    startSandboxGithub(),
    startSandboxS3({ buckets: ["lake"] }),
    startSandboxTaxi(),
  ]);
  for (const { close } of [github, s3, taxi]) running.add({ stop: close });
  const warehouseUrl = await ensureDatabase(postgresUrl, "warehouse");
  const isSet = (id: string): boolean => environment.connection(id) !== null;
  const standIns = standInsAt({
    github: github.url,
    s3: s3.url,
    taxi: taxi.url,
    warehouse: warehouseUrl,
  });
  return {
    connections: Object.fromEntries(
      standIns
        .filter(({ id }) => !isSet(id))
        .map(({ id, connection }) => [id, parseConnection(id, connection)]),
    ),
    sentences: standIns.map(({ id, what }) => {
      return isSet(id)
        ? `${id} is the real one (${connectionVariable(id)})`
        : `${id} is ${what} (${connectionVariable(id)} is not set)`;
    }),
    warehouseUrl: isSet("warehouse") ? null : warehouseUrl,
  };
}

interface StandIn {
  readonly id: string;
  /** A sentence about the stand-in. */
  readonly what: string;
  /** JSON or URI. */
  readonly connection: string;
}

function standInsAt({
  github,
  s3,
  taxi,
  warehouse,
}: Readonly<Record<"github" | "s3" | "taxi" | "warehouse", string>>): readonly StandIn[] {
  const aws = {
    type: "aws",
    login: "sandbox",
    password: "sandbox",
    extra: { endpoint_url: s3, region_name: "us-east-1" },
  };
  return [
    {
      id: "github",
      what: "a simulated GitHub on this machine",
      connection: JSON.stringify({ type: "github", host: github }),
    },
    { id: "s3", what: "an S3 in memory on this machine", connection: JSON.stringify(aws) },
    {
      id: "trips",
      what: "a simulated archive of taxi trips on this machine",
      connection: JSON.stringify({ type: "http", host: taxi }),
    },
    { id: "warehouse", what: "the embedded PostgreSQL", connection: warehouse },
    {
      id: "discord",
      what: "a simulated Discord on this machine",
      connection: JSON.stringify({
        type: "discord",
        extra: { webhook_url: `${github}/webhooks/1` },
      }),
    },
  ];
}

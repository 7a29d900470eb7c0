/** What an action of the audit is done on: a DAG, a run, a user, a setting, each of its own. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import * as actions from "../../runtime/actions/index.ts";
import type { TaskState } from "../../runtime/state/task_state.ts";
import { findUser } from "../../runtime/store/access/web_user.ts";
import { type Connection, parseConnection } from "../../sdk/connection.ts";
import { type Dag, dag } from "../../sdk/dag/dag.ts";
import type { DagOptions } from "../../sdk/dag/dag_options.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { postgresChanges } from "../../sdk/sources/postgres_changes.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { known } from "./migrated.ts";
import type { TestWeb } from "./web.ts";

/** The secret of everything here. */
export const SECRET = "t0psecret-value";
export const by = { actor: "ada from 192.0.2.7" };

export function specOf(options: DagOptions = {}, dagId = newId("dag")): DagSpec {
  const d = dag(dagId, options) as unknown as Dag<unknown>;
  d.task("only", async () => null);
  d.ask("approve", { subject: "Publish?", form: z.object({ publish: z.boolean() }) });
  return describeDag(d);
}

export const newId = (of: string): string => `${of}_${randomUUID().replaceAll("-", "_")}`;

/** Makes the things; each is new. */
export function auditedWorld(web: TestWeb) {
  const { db, rows, secrets } = web;
  const world = {
    web,
    dag: async (options: DagOptions = {}): Promise<string> => {
      const spec = specOf(options);
      await known(db, spec);
      return spec.dagId;
    },
    /** @param task the state of its instance */
    run: async (state: "running" | "success" | "failed", task?: TaskState): Promise<number> => {
      const spec = specOf();
      const id = await rows.run(spec.dagId, await rows.dag(spec), { state });
      if (task) await rows.instance(id, "only", { state: task });
      return id;
    },
    backfill: async (): Promise<number> => {
      const dagId = await world.dag({ schedule: "@daily", startDate: "2026-01-01" });
      const range = { from: "2026-01-01", to: "2026-01-02" };
      return (await actions.createBackfill(db, { dagId, ...range, ...by })).id;
    },
    user: async (): Promise<string> => {
      const name = newId("user").replaceAll("_", "-");
      await actions.addUser(db, { name, grants: [{ role: "viewer", tag: null }], ...by });
      return name;
    },
    userId: async (): Promise<number> => (await findUser(db, await world.user()))?.id ?? 0,
    /** @returns the user of the token `ci` */
    token: async (): Promise<string> => {
      const user = await world.user();
      const token = { name: "ci", scopes: ["dag.read" as const], days: 7 };
      await actions.createToken(db, { user, ...token, ...by });
      return user;
    },
    /** @returns the cookie of a user who has logged in */
    session: async (): Promise<string> => {
      const code = await actions.makeLoginLink(db, { name: await world.user(), ...by });
      const body = new URLSearchParams({ code, password: SECRET, again: SECRET });
      const sent = { method: "POST", body, redirect: "manual" } as const;
      const answer = await fetch(`${web.url}/welcome`, sent);
      return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
    },
    connection: async (): Promise<string> => {
      const id = newId("lake");
      await actions.setConnection(db, secrets.stored, lake(id, "host-before"), by);
      return id;
    },
    variable: async (): Promise<string> => {
      const key = newId("key");
      await actions.setVariable(db, secrets.stored, key, SECRET, by);
      return key;
    },
    pool: async (): Promise<string> => {
      const name = newId("pool");
      await actions.setPool(db, { name, slots: 3, ...by });
      return name;
    },
    /** A DAG that listens to a table of this database. */
    listener: async (): Promise<Parameters<typeof actions.installEvents>[1]> => {
      const table = newId("t");
      await rows.sql(`create table public.${table} (id int primary key)`);
      const connection = parseConnection("here", web.databaseUrl);
      const dagId = await world.dag({ on: [postgresChanges({ connection: "here", table })] });
      return { dagId, ...by, connection: async () => connection };
    },
  };
  return world;
}

export function lake(id: string, host: string): Connection {
  return parseConnection(id, `postgres://etl:${SECRET}@${host}:5432/db`);
}

/**
 * All migrations, in order. A migration never changes after its release; a change of the schema is a
 * new one at the end. Listed rather than read from a folder, so that the built package contains them.
 */
import type { Knex } from "knex";
import * as schema from "./0001_schema.ts";
import * as state from "./0002_state.ts";
import * as step from "./0003_step.ts";

export interface Migration {
  readonly name: string;
  up(knex: Knex): Promise<void>;
}

export const migrations: readonly Migration[] = [
  { name: "0001_schema", ...schema },
  { name: "0002_state", ...state },
  { name: "0003_step", ...step },
];

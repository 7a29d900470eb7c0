/** `dag keys`: the keys that seal stored connections and variables. */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { SecretKeys } from "../../secrets/keys.ts";
import type { KeyUse } from "../../store/access/sealed.ts";
import { type Cli, command } from "../command.ts";
import { table } from "../output/table.ts";
import { withDatabase } from "../project/database.ts";
import { findSecretKeys } from "../project/secrets.ts";

const list = command({
  usage: "list",
  summary: "List the keys by id, and how many stored secrets each has sealed",
  more: "An id tells nothing about its key. A key that has sealed nothing can be removed from DAG_SECRET_KEY.",
  example: "dag keys list",
  document: async () => (await import("../documents/settings.ts")).keys,
  run: async (cli) => {
    const keys = await needSecretKeys(cli);
    return withDatabase(cli, async (db) => {
      const { keyUses } = await import("../../store/access/sealed.ts");
      const listed = usesOf(keys, await keyUses(db));
      const rows = listed.map(({ id, state, connections, variables }) => [
        ...[id ?? "before key ids", state, String(connections), String(variables)],
      ]);
      return {
        json: { keys: listed },
        lines: table(["key", "state", "connections", "variables"], rows),
      };
    });
  },
});

/** The keys that are set, then those that only stored secrets name. */
function usesOf({ sealing, byId }: SecretKeys, uses: readonly KeyUse[]) {
  const set = [...byId.keys()].map((id) => {
    const use = uses.find(({ keyId }) => keyId === id);
    const counts = { connections: use?.connections ?? 0, variables: use?.variables ?? 0 };
    return { id, state: id === sealing ? "seals" : "opens", ...counts };
  });
  const others = uses
    .filter(({ keyId }) => keyId === null || !byId.has(keyId))
    .map(({ keyId, ...counts }) => ({
      ...{ id: keyId, state: keyId === null ? "any key" : "not set" },
      ...counts,
    }));
  return [...set, ...others];
}

const rotate = command({
  usage: "rotate",
  summary: "Seal every stored secret with the first key of DAG_SECRET_KEY",
  more: 'First set DAG_SECRET_KEY="<new> <old>" for every scheduler, worker and page. It can be stopped and started again. When it is done, remove the old key.',
  example: "dag keys rotate",
  document: async () => (await import("../documents/settings.ts")).rotated,
  run: async (cli) => {
    const keys = await needSecretKeys(cli);
    return withDatabase(cli, async (db) => {
      const { rotateKeys } = await import("../../actions/rotate_keys.ts");
      const { resealed, unreadable } = await rotateKeys(db, keys, { actor: cli.config.user });
      const left = unreadable.map(({ kind, id }) => `${kind} ${id}: none of the keys opens it`);
      const secrets = resealed === 1 ? "1 stored secret is" : `${resealed} stored secrets are`;
      return {
        json: { key: keys.sealing, resealed, unreadable },
        lines: [`${secrets} sealed with key ${keys.sealing} now.`, ...left],
        failed: unreadable.length > 0,
      };
    });
  },
});

/** @throws DagsmithError SECRET_KEY_MISSING, INVALID_SECRET_KEY */
async function needSecretKeys(cli: Cli): Promise<SecretKeys> {
  const keys = await findSecretKeys(cli);
  if (keys === null) throw new DagsmithError("SECRET_KEY_MISSING", {});
  return keys;
}

export const keys = {
  name: "keys",
  summary: "Keys of stored secrets: list, rotate",
  commands: [list, rotate],
};

/** `dag pools`: slots that tasks of all DAGs share. */
import { command, wrongUsage } from "../command.ts";
import { wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

const list = command({
  usage: "list",
  summary: "List pools: their slots, and how many are taken and requested",
  example: "dag pools list",
  document: async () => (await import("../documents/settings.ts")).pools,
  run: async (cli) =>
    withDatabase(cli, async (db) => {
      const { listPools } = await import("../../store/reads/pools.ts");
      const hide = await openHide(cli, db);
      const pools = hide(await listPools(db));
      const rows = pools.map(
        ({ name, slots, runningSlots, queuedSlots, waitingSlots, description }) => [
          ...[
            name,
            slots < 0 ? "no limit" : String(slots),
            ...[runningSlots, queuedSlots, waitingSlots].map(String),
            description,
          ],
        ],
      );
      const headings = ["pool", "slots", "running", "queued", "waiting", "description"];
      return {
        json: { pools },
        lines: pools.length === 0 ? ["There are no pools."] : table(headings, rows),
      };
    }),
});

const set = command({
  usage: "set <name> <slots>",
  summary: "Create a pool, or change its size",
  more: '<slots> is 0 for a closed pool, -1 for a pool without limit. The pool "all" holds every task: it is the limit of the whole deployment.',
  options: [{ flags: "--description <text>", text: "what the pool protects, for people" }],
  example: 'dag pools set api 4 --description "api.example.com allows four at once"',
  document: async () => (await import("../documents/settings.ts")).poolSet,
  run: async (
    cli,
    [name, text]: readonly [string, string],
    options: { readonly description?: string },
  ) => {
    const slots = slotsOf(text);
    return withDatabase(cli, async (db) => {
      const { setPool } = await import("../../actions/index.ts");
      await setPool(db, { name, slots, actor: cli.config.user, ...options });
      return {
        json: { name, slots },
        lines: [
          `Pool ${name} has ${slots < 0 ? "no limit" : `${slots} slot${slots === 1 ? "" : "s"}`} now.`,
        ],
      };
    });
  },
});

function slotsOf(text: string): number {
  try {
    return wholeNumber(-1, 1_000_000)(text);
  } catch (error) {
    return wrongUsage("<slots>", (error as Error).message);
  }
}

const remove = command({
  usage: "delete <name>",
  summary: "Delete a pool; tasks that name it wait until it exists again",
  example: "dag pools delete api",
  document: async () => (await import("../documents/settings.ts")).poolDeleted,
  run: async (cli, [name]: readonly [string]) =>
    withDatabase(cli, async (db) => {
      const { deletePool } = await import("../../actions/index.ts");
      await deletePool(db, { name, actor: cli.config.user });
      return { json: { name, deleted: true }, lines: [`Pool ${name} is deleted.`] };
    }),
});

export const pools = {
  name: "pools",
  summary: "Pools of slots that tasks share: list, set, delete",
  commands: [list, set, remove],
};

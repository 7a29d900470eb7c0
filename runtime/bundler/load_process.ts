/** The process that loads one folder, answers and ends, with its parent at the latest. */
import { loadFolder } from "./folder.ts";
import type { LoadedDags, LoadRequest } from "./load_apart.ts";

process.once("disconnect", () => process.exit());
process.once("message", async ({ folder, options }: LoadRequest) => {
  const { versions, errors } = await loadFolder(folder, options);
  process.send?.({ versions, errors } satisfies LoadedDags, () => process.disconnect());
});

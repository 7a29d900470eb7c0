/** DAGs that ask people, for test/runtime/executor/questions.test.ts. */
import { dag } from "dagsmith";
import { z } from "zod";

const asking = dag("asking", { params: z.object({ month: z.string().default("July") }) });
const rows = asking.task("rows", () => 12);
const note = asking.ask("approve", {
  inputs: { rows },
  subject: ({ params, inputs }) => `Publish ${inputs.rows} rows of ${params.month}?`,
  body: "All checks passed.",
  form: z.object({ publish: z.boolean(), note: z.string().default("none") }),
  assignees: ["ada"],
  onAsk: ({ reason, log }) => log.info(`asked: ${reason}`),
});
asking.task("use", { inputs: { note } }, ({ inputs }) => inputs.note.note);

const mapped = dag("asking_each");
const all = mapped.ask("each", {
  each: ["a", "b", "c"],
  subject: ({ item }) => `${item}?`,
  options: ["yes", "no"],
});
mapped.task("list", { inputs: { all } }, ({ inputs }) => inputs.all);

const late = dag("asking_late");
late.ask("otherwise", {
  ...{ subject: "Go?", options: ["yes", "no"], timeout: "200ms", otherwise: "no" },
});
late.ask("fails", { subject: "Go?", options: ["yes", "no"], timeout: "200ms" });

const reminded = dag("asking_again");
reminded.ask("q", {
  ...{ subject: "Still?", options: ["yes"], reminder: "100ms" },
  onAsk: ({ reason, log }) => log.info(`asked: ${reason}`),
});

const secret = dag("asking_secretly");
secret.ask("q", {
  subject: async ({ connection }) => `Is it ${(await connection("warehouse")).password}?`,
  body: async ({ connection }) => `It is ${(await connection("warehouse")).password}`,
  options: ["yes"],
});

const grouped = dag("asking_in_a_group");
grouped.group("part", { retries: 1, retryDelay: "100ms" }, (g) => {
  const go = g.ask("go", { subject: "Go?", options: ["yes", "no"] });
  return g.task("work", { inputs: { go } }, ({ inputs }) => {
    if (inputs.go === "no") throw new Error("the answer was no");
  });
});

const slow = dag("asking_slowly");
slow.ask("q", {
  subject: "Go?",
  options: ["yes"],
  form: z.object({ text: z.string().regex(/^(a+)+$/) }),
});

export default [asking, mapped, late, reminded, secret, grouped, slow];

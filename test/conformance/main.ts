/**
 * `npm run conformance -- FILE.json [--json]`: puts every case of the file to the
 * product's own code and says where it comes out otherwise. Exit code 0 when all came out
 * as expected or as a rule of docs/semantics.md says, 1 when one did not, 2 when the
 * command is wrong.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { errorMessage } from "../../sdk/error_message.ts";
import { AREAS } from "./areas/index.ts";
import { type ReadCase, readCases } from "./case_file.ts";
import { reportLines, reportOf } from "./report.ts";
import { judgeCase, type Verdict } from "./verdict.ts";

const USAGE = "Usage: npm run conformance -- FILE.json [--json]";

process.exitCode = await conform();

async function conform(): Promise<number> {
  let cases: readonly ReadCase[];
  let asJson: boolean;
  try {
    const { values, positionals } = parseArgs({
      options: { json: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) throw new Error("name one file");
    asJson = values.json;
    // npm runs a script in the project's folder, and says where it was called.
    cases = readCases(resolve(process.env.INIT_CWD ?? ".", file));
  } catch (error) {
    console.error(`${errorMessage(error)}\n${USAGE}`);
    return 2;
  }
  const verdicts: Verdict[] = [];
  for (const one of cases) verdicts.push(await judgeCase(one, AREAS));
  const report = reportOf(verdicts);
  console.log(asJson ? JSON.stringify(report, null, 2) : reportLines(report).join("\n"));
  return report.mismatches.length > 0 ? 1 : 0;
}

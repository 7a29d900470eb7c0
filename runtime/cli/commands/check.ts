/** `dag check`: whether the files define valid DAGs. For editors, hooks and CI. */

import { type Cli, command } from "../command.ts";
import { type BrokenFile, loadDagFolder } from "../find/dags.ts";
import { placed } from "../output/placed.ts";
import { type Style, safeText } from "../output/terminal.ts";

export const check = command({
  usage: "check [folder]",
  summary: "Import every DAG file of a folder and report errors, with file and line",
  more: "The default folder is ./dags. Needs no database; with a database, pools are checked too. Exit code 1 when a file defines no DAG.",
  example: "dag check",
  document: async () => (await import("../documents/dags.ts")).checked,
  run: async (cli, [folder]: readonly [string | undefined]) => {
    const { versions, errors, warnings: seen } = await loadDagFolder(cli, folder);
    const { warningsFromDatabase } = await import("../reports/pool_warnings.ts");
    const warnings = [...seen, ...(await warningsFromDatabase(cli, versions))];
    return {
      json: {
        dags: versions.map(({ dagId, file, spec }) => ({ dagId, file, tasks: spec.tasks.length })),
        errors: errors.map(({ file, line, code, message, stack }) => ({
          file,
          line,
          code,
          message,
          stack,
        })),
        warnings,
      },
      lines: [
        ...errors.flatMap((error) => errorLines(error, cli.terminal.style)),
        ...warnings.map((warning) => `${cli.terminal.style.yellow("warning")} ${placed(warning)}`),
        summary(cli, versions.length, errors.length, warnings.length),
      ],
      failed: errors.length > 0,
    };
  },
});

/** An import error, with its stack when the message is not enough. */
export function errorLines(
  error: BrokenFile & { readonly stack?: string | null },
  style: Style,
): readonly string[] {
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return [
    `${style.red("error")} ${placed(error)}`,
    ...frames.slice(0, 5).map((line) => style.dim(`  ${safeText(line.trim())}`)),
  ];
}

function summary(
  { terminal: { style } }: Cli,
  dags: number,
  errors: number,
  warnings: number,
): string {
  const counts = [
    `${dags} DAG${dags === 1 ? "" : "s"}`,
    `${errors} error${errors === 1 ? "" : "s"}`,
  ];
  if (warnings > 0) counts.push(`${warnings} warning${warnings === 1 ? "" : "s"}`);
  return errors === 0 ? style.green(`✔ ${counts.join(", ")}`) : style.red(`✖ ${counts.join(", ")}`);
}

/** `dag init`: creates a project, or a plugin, in which the next command works. */
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { DagsmithError } from "../../../sdk/errors.ts";
import { type Cli, command, wrongUsage } from "../command.ts";
import { newPlugin, PLUGIN_NAME } from "../project/new_plugin.ts";
import { type NewProject, newProject } from "../project/new_project.ts";
import { packageVersion } from "../version.ts";

interface Options {
  readonly yes?: true;
  readonly plugin?: string;
}

export const init = command({
  usage: "init [folder]",
  summary: "Create a project: package.json, a first DAG and its test; or a plugin",
  more: "Asks for the folder at a terminal; with a folder or --yes it asks nothing. Writes no file that exists already.",
  options: [
    { flags: "--yes", text: "take the current folder, ask nothing" },
    {
      flags: "--plugin <name>",
      text: "create a package with a hook, an operator and a sensor instead; its folder is the name",
    },
  ],
  example: "dag init my-project",
  document: async () => (await import("../documents/project.ts")).made,
  run: async (cli, [given]: readonly [string | undefined], options: Options) => {
    const folder = resolve(cli.folder, given ?? (await folderFor(cli, options)));
    const { needed, guides } = filesFor(folder, options);
    await refuseExisting(folder, Object.keys(needed));
    const files = { ...needed, ...missingFrom(folder, guides) };
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      // A file that was created since the check must not be replaced.
      await writeFile(join(folder, path), text, { flag: "wx" });
    }
    const enter = relative(cli.folder, folder);
    const next = [
      ...(enter === "" ? [] : [`cd ${enter}`]),
      "npm install",
      options.plugin === undefined ? "npx dag test dags/hello.ts" : "npm test",
    ];
    return {
      json: { folder, files: Object.keys(files), next },
      lines: [
        ...Object.keys(files).map((path) => `wrote ${path}`),
        "",
        "Next:",
        ...next.map((line) => `  ${line}`),
      ],
    };
  },
});

function filesFor(folder: string, { plugin }: Options): NewProject {
  if (plugin === undefined) return newProject(projectName(folder), packageVersion());
  if (!PLUGIN_NAME.test(plugin))
    wrongUsage("--plugin", "give the name of a package in lower case, such as dagsmith-ntfy");
  return newPlugin(plugin, packageVersion());
}

async function folderFor(cli: Cli, options: Options): Promise<string> {
  const { plugin, yes } = options;
  return plugin === undefined || yes ? askForFolder(cli, options) : basename(plugin);
}

/** A repository often has a README before it has a project. */
function missingFrom(
  folder: string,
  files: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(files).filter(([path]) => !existsSync(join(folder, path))),
  );
}

async function askForFolder(cli: Cli, { yes }: Options): Promise<string> {
  if (yes) return ".";
  if (cli.json || !cli.terminal.isInteractive || !process.stdin.isTTY)
    wrongUsage("folder", "name one, or give --yes to take the current folder");
  const { isCancel, text } = await import("@clack/prompts");
  const answer = await text({
    message: "Where should the project be created?",
    placeholder: "my-project",
    defaultValue: "my-project",
  });
  return isCancel(answer) ? wrongUsage("folder", "none was chosen") : answer;
}

/**
 * @throws DagsmithError FOLDER_NOT_EMPTY naming the files that would have to be replaced
 */
async function refuseExisting(folder: string, paths: readonly string[]): Promise<void> {
  if (existsSync(folder))
    await readdir(folder).catch(() => wrongUsage("folder", `${folder} is not a folder`));
  const found = paths.filter((path) => existsSync(join(folder, path)));
  if (found.length > 0)
    throw new DagsmithError("FOLDER_NOT_EMPTY", { folder, found: found.join(", ") });
}

/** The folder's name, changed to a name that npm allows. */
function projectName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name === "" ? "my-project" : name;
}

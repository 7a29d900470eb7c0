/** The files of a new plugin: a package of its own, which builds, is tested and packs. */
import type { NewProject } from "./new_project.ts";
import { pluginSources } from "./plugin_sources.ts";
import { tsconfig } from "./tsconfig.ts";

/** As npm takes it, with or without a scope. */
export const PLUGIN_NAME = /^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z][a-z0-9._-]*$/;

/** @param name of the package, such as `dagsmith-ntfy` or `@acme/ntfy` */
export function newPlugin(name: string, version: string): NewProject {
  const id = systemOf(name);
  return {
    needed: {
      "package.json": packageJson(name, version),
      "tsconfig.json": tsconfig(["src", "test"]),
      "tsconfig.build.json": TSCONFIG_BUILD,
      ".gitignore": "node_modules\ndist\n",
      ...pluginSources(id),
    },
    guides: { "README.md": readme(name, id) },
  };
}

/** The name of the system: `dagsmith-my-queue` is of `myQueue`. */
function systemOf(name: string): string {
  const words = name
    .replace(/^@[^/]*\//, "")
    .replace(/^dagsmith-(?:plugin-)?/, "")
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const id = words.map((word, at) => (at === 0 ? word : capital(word))).join("");
  return /^[a-z]/.test(id) ? id : `plugin${capital(id)}`;
}

const capital = (word: string): string => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;

function packageJson(name: string, version: string): string {
  const content = {
    name,
    version: "0.1.0",
    type: "module",
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
    files: ["dist"],
    scripts: {
      check: "tsc",
      test: "vitest run",
      prepack: "tsc -p tsconfig.build.json",
    },
    dependencies: { zod: "^4.0.0" },
    // One copy of dagsmith for the project and its plugins.
    peerDependencies: { dagsmith: `^${version}` },
    devDependencies: {
      "@types/node": "^24.0.0",
      dagsmith: `^${version}`,
      typescript: "^7.0.0",
      vitest: "^5.0.0",
    },
    engines: { node: ">=22.18" },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

const TSCONFIG_BUILD = `{
  "extends": "./tsconfig.json",
  "compilerOptions": {
    "noEmit": false,
    "declaration": true,
    "allowImportingTsExtensions": false,
    "rewriteRelativeImportExtensions": true,
    "rootDir": "src",
    "outDir": "dist"
  },
  "include": ["src"]
}
`;

function readme(name: string, id: string): string {
  return `# ${name}

A plugin for [dagsmith](node_modules/dagsmith/README.md): a hook, an operator, a sensor, a
notifier and an event source.

    import { ${id}Send } from "${name}";
    d.task("tell", ${id}Send({ ${id}: "my_connection", text: "done" }));

Set DAG_CONNECTION_TYPES=${name} for the page and the command line, then
\`dag connections set my_connection --type ${id} …\`.

The guide is node_modules/dagsmith/docs/writing-plugins.md.
`;
}

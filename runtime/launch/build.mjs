/**
 * Builds dist/: TypeScript to JavaScript with declarations and source maps, and copies
 * files that are served unchanged. Run by `npm run build`, by `npm pack`, and by the
 * launcher when the sources are newer. Plain JavaScript, for Node 18.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const SOURCES = ["sdk", "runtime", "plugins", "migrations"];
const SETTINGS = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];
/**
 * Files that tsc does not copy: styles and pictures of the page, and written
 * declarations.
 */
const ASSET = /(\.(css|svg|png|ico|html)|\.d\.ts)$/;

/** Written at the end of a build, so that an interrupted build does not count. */
const marker = (root) => join(root, "dist", ".built");

/** Whether dist/ is newer than all its sources. */
export function isBuilt(root) {
  if (!existsSync(marker(root))) return false;
  const builtAt = statSync(marker(root)).mtimeMs;
  const inputs = [...SOURCES.flatMap((folder) => [folder, ...tree(root, folder)]), ...SETTINGS];
  return inputs.every((path) => statSync(join(root, path)).mtimeMs <= builtAt);
}

/**
 * @param node the Node to run the compiler on
 * @throws Error when the compiler finds something wrong
 */
export function build(root, node) {
  console.error("Building…");
  rmSync(join(root, "dist"), { recursive: true, force: true });
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status } = spawnSync(node, [compiler, "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error("the build failed; see above");
  for (const path of SOURCES.flatMap((folder) => tree(root, folder))) {
    if (ASSET.test(path)) cpSync(join(root, path), join(root, "dist", path));
  }
  declareTextModules(root);
  dropUnusedDeclarations(root);
  bundlePageScript(root, node);
  bundleHighlighter(root, node);
  chmodSync(join(root, "dist/runtime/cli/bin.js"), 0o755);
  writeFileSync(marker(root), "");
}

/**
 * A browser asks for the script of the page once. The built bundler makes one file of it.
 */
function bundlePageScript(root, node) {
  const file = (path) => JSON.stringify(pathToFileURL(join(root, "dist/runtime", path)).href);
  runModule(
    node,
    root,
    `import { writeFileSync } from "node:fs";
    import { bundleScript } from ${file("bundler/bundle_script.js")};
    const entry = new URL(${file("web/islands/page.js")});
    writeFileSync(entry, bundleScript(entry));`,
  );
}

/**
 * The page colours five languages of highlight.js, whose package has 9 MB for two hundred
 * of them. They become part of the one file that uses them, under their licence.
 */
function bundleHighlighter(root, node) {
  const file = join(root, "dist/runtime/web/code/highlight.js");
  const licence = readFileSync(join(root, "node_modules/highlight.js/LICENSE"), "utf8");
  const options = {
    ...{ entryPoints: [file], outfile: file, allowOverwrite: true, bundle: true },
    ...{ format: "esm", platform: "node", target: "node22" },
    banner: { js: `/*! Contains highlight.js:\n${licence}*/` },
  };
  runModule(
    node,
    root,
    `import { buildSync } from "esbuild"; buildSync(${JSON.stringify(options)});`,
  );
}

function runModule(node, root, code) {
  const { status } = spawnSync(node, ["--input-type=module", "--eval", code], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error("a file of the page was not bundled; see above");
}

/**
 * Removes the declarations that no import of "dagsmith" leads to: most are of the runtime,
 * and each takes a block of the disk.
 */
function dropUnusedDeclarations(root) {
  const dist = join(root, "dist");
  const plugins = readdirSync(join(dist, "plugins")).map((name) => `plugins/${name}`);
  const used = new Set(
    ["sdk", "runtime/testing", ...plugins].map((part) => join(dist, part, "index.d.ts")),
  );
  for (const path of used)
    for (const name of declarationsNamedBy(path)) if (existsSync(name)) used.add(name);
  for (const path of tree(root, "dist").map((name) => join(root, name)))
    if (path.endsWith(".d.ts") && !used.has(path)) rmSync(path);
}

/** Imports, types written as an import, and references. */
function declarationsNamedBy(path) {
  const names = readFileSync(path, "utf8").matchAll(
    /(?:from|import|import\(|path=)\s*"(\.[^"]+)"/g,
  );
  return [...names].map(([, name]) =>
    join(dirname(path), name.replace(/(?:\.d)?\.[jt]s$/, ".d.ts")),
  );
}

/**
 * A project that imports "dagsmith" may import .sql files. tsc would refer to a file of
 * sdk/.
 */
function declareTextModules(root) {
  const index = join(root, "dist/sdk/index.d.ts");
  const reference = '/// <reference path="./text_modules.d.ts" />\n';
  writeFileSync(index, reference + readFileSync(index, "utf8"));
}

/**
 * All files and folders below a folder. Folders too: a deleted file only changes the time
 * of its folder.
 */
function tree(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? [path, ...tree(root, path)] : [path];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  build(join(dirname(fileURLToPath(import.meta.url)), "..", ".."), process.execPath);

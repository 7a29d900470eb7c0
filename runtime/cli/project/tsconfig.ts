/**
 * The tsconfig.json of a new project or plugin: it checks the sources that Node runs as
 * they are.
 * @param folders those with sources
 */
export const tsconfig = (folders: readonly string[]): string => `{
  "compilerOptions": {
    "target": "es2024",
    "lib": ["es2024", "dom"],
    "module": "nodenext",
    "strict": true,
    "noEmit": true,
    "skipLibCheck": true,
    "allowImportingTsExtensions": true,
    "erasableSyntaxOnly": true,
    "types": ["node"]
  },
  "include": [${folders.map((folder) => JSON.stringify(folder)).join(", ")}]
}
`;

/** The pictures of README and docs, see test/pictures/main.ts. */
import config from "./vitest.config.ts";

export default { ...config, test: { ...config.test, include: ["test/pictures/main.ts"] } };

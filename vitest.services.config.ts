/**
 * The tests of `npm run test:services`: those that need a system which npm does not
 * carry.
 */
import config from "./vitest.config.ts";

export default { ...config, test: { ...config.test, include: ["test/**/*.services.ts"] } };

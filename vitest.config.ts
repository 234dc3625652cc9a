import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Tests run on the build: worker threads and child processes start from `dist/` as they do for users. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ["dist/**/*.test.js"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

export default config;

/** Preloaded into what is measured: writes its peak of resident memory, in kilobytes, and its seconds of CPU when it ends. */
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  writeFileSync(process.env.BENCH_PEAK, `${maxRSS} ${userCPUTime / 1e6} ${systemCPUTime / 1e6}`);
});

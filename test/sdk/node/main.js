// Check a gateway with OpenAI's official client for Node.js.
//
// Where it is and the key come from OPENAI_BASE_URL and OPENAI_API_KEY. The
// gateway must have the models that the Go test beside this folder sets up.

import { VERSION } from 'openai/version';
import * as chat from './chat.js';
import { count } from './checks.js';
import * as failures from './failures.js';
import * as operations from './operations.js';

console.log(`openai ${VERSION}, Node.js ${process.versions.node}`);
for (const checks of [chat, failures, operations]) await checks.run();
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;

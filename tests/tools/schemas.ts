/**
 * `npm run schemas`: writes sandbox/kubernetes/schemas/*.generated.json from the packages that carry the API's types
 * (kubernetes-models, @kubernetes-models/apimachinery, @kubernetes-models/istio). Structure comes from their `.d.ts`;
 * what TypeScript cannot say (integers, formats, limits, the order of enums) from asking their compiled validators.
 * Descriptions go to files of their own, which only `kubectl explain` loads.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatewayApiManifest } from './schemas/gateway-api.ts';
import { generate } from './schemas/generate.ts';

const folder = join(import.meta.dirname, '..', '..', 'sandbox', 'kubernetes', 'schemas');
for (const [name, content] of Object.entries(await generate())) {
  writeFileSync(join(folder, name), content);
  console.log(`${name}: ${content.length} bytes`);
}

const samples = join(import.meta.dirname, '..', '..', 'sandbox', 'releases', 'samples');
writeFileSync(join(samples, 'gateway-api.generated.json'), await gatewayApiManifest());

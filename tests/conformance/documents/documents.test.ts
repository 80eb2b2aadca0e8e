import { expect, test } from 'vitest';
import { describeGolden, readYaml } from '../golden.ts';
import { startStage } from './stage.ts';
import { type Dispute, type Document, play, type Stage, type Step, withoutDisputes } from './transcript.ts';

const disputes = readYaml<Dispute[]>(import.meta.dirname, 'disputed.yaml');

/** The steps of the document's section on HTTP through the gateway with Istio's own API, and what surrounds them. */
function httpThroughGateway(document: Document): Step[] {
  const end = document.steps.findIndex((step) => step.id === 'http-cleanup');
  const own = disputes.filter(({ document: name }) => name === 'egress-gateway');
  return document.steps
    .filter((step, index) => step.run && ((step.variant === 'istio' && index <= end) || step.variant === 'all'))
    .map((step) => withoutDisputes(step, own));
}

/** Every object of a lesson's kinds by name, and the namespaces with their labels. */
async function inventory(stage: Stage, scope: string): Promise<string[]> {
  const kinds = 'all,cm,secret,sa,serviceentry,gateway,virtualservice,destinationrule';
  const objects = await stage.run(`kubectl get ${kinds} ${scope} -o name`);
  const labels = await stage.run(
    `kubectl get ns -o jsonpath='{range .items[*]}{.metadata.name} {.metadata.labels}{"\\n"}{end}'`,
  );
  return [...objects.stdout.split('\n'), ...labels.stdout.split('\n')];
}

describeGolden('the egress gateway document, HTTP', (folder) => {
  const document = readYaml<Document>(folder, 'documents', 'egress-gateway.yaml');

  test('every step holds from the start of the document to its cleanup', { timeout: 120_000 }, async () => {
    const stage = await startStage({ profile: document.start.profile });
    const before = await inventory(stage, '-n default');
    const failures: string[] = [];
    const steps = httpThroughGateway(document);
    for (const step of steps) failures.push(...(await play(stage, step)));
    console.log(`egress-gateway HTTP: steps run ${steps.length}`);
    expect(failures).toEqual([]);
    // What remains is the demo profile that the document installs; the objects of the lesson itself are gone.
    expect(await inventory(stage, '-n default')).toEqual(before);
  });

  test('with profile demo the installation can be skipped', { timeout: 120_000 }, async () => {
    const stage = await startStage({ profile: 'demo' });
    const before = await inventory(stage, '-A');
    const installation =
      /^access-log-|^enable-access-log$|^egress-gateway-(missing|operator)|^deploy-egress-gateway$|^demo-shortcut$/;
    const failures: string[] = [];
    for (const step of httpThroughGateway(document)) {
      if (!installation.test(step.id)) failures.push(...(await play(stage, step)));
    }
    expect(failures).toEqual([]);
    expect(await inventory(stage, '-A')).toEqual(before);
  });

  test('after the VirtualService is deleted the gateway stays silent', { timeout: 120_000 }, async () => {
    const stage = await startStage({ profile: 'demo' });
    const until = document.steps.findIndex((step) => step.id === 'http-resend');
    const wanted = [
      'label-default',
      'deploy-curl',
      'set-source-pod',
      'http-service-entry',
      'http-gateway-and-destination-rule',
    ];
    for (const step of document.steps.slice(0, until + 1)) {
      if (wanted.includes(step.id) || step.id === 'http-virtual-service' || step.id === 'http-resend') {
        expect(await play(stage, step)).toEqual([]);
      }
    }
    const count = 'kubectl logs -l istio=egressgateway -c istio-proxy -n istio-system --tail=-1 | grep -c politics';
    await stage.advance(5);
    const before = await stage.run(count);
    expect(Number(before.stdout)).toBeGreaterThan(0);
    await stage.run('kubectl delete virtualservice direct-cnn-through-egress-gateway');
    await stage.advance(2);
    const request =
      'kubectl exec "$SOURCE_POD" -c curl -- curl -s -o /dev/null -w "%{http_code}" http://edition.cnn.com/politics';
    expect((await stage.run(request)).stdout).toBe('301');
    await stage.advance(5);
    expect((await stage.run(count)).stdout).toBe(before.stdout);
  });
});

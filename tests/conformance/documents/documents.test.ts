import { expect, test } from 'vitest';
import { describeGolden, readYaml } from '../golden.ts';
import { startStage } from './stage.ts';
import { type Document, play, type Step } from './transcript.ts';

/** The steps of the document's section on HTTP through the gateway with Istio's own API, and what surrounds them. */
function httpThroughGateway(document: Document): Step[] {
  const end = document.steps.findIndex((step) => step.id === 'http-cleanup');
  return document.steps.filter(
    (step, index) => step.run && ((step.variant === 'istio' && index <= end) || step.variant === 'all'),
  );
}

describeGolden('the egress gateway document, HTTP', (folder) => {
  const document = readYaml<Document>(folder, 'documents', 'egress-gateway.yaml');

  test('every step holds from the start of the document to its cleanup', { timeout: 120_000 }, async () => {
    const stage = await startStage({ profile: document.start.profile });
    const before = await stage.run(
      'kubectl get all,cm,sa,serviceentry,gateway,virtualservice,destinationrule -A -o name',
    );
    const failures: string[] = [];
    const steps = httpThroughGateway(document);
    for (const step of steps) failures.push(...(await play(stage, step)));
    console.log(`egress-gateway HTTP: steps run ${steps.length}`);
    expect(failures).toEqual([]);
    // What remains is the demo profile that the document installs; the objects of the lesson itself are gone.
    const after = await stage.run(
      'kubectl get all,cm,sa,serviceentry,gateway,virtualservice,destinationrule -n default -o name',
    );
    const defaults = before.stdout
      .split('\n')
      .filter((name) => after.stdout.includes(name))
      .join('\n');
    expect(after.stdout.trim()).toBe(defaults.trim());
  });

  test('with profile demo the installation can be skipped', { timeout: 120_000 }, async () => {
    const stage = await startStage({ profile: 'demo' });
    const installation =
      /^access-log-|^enable-access-log$|^egress-gateway-missing$|^deploy-egress-gateway$|^demo-shortcut$/;
    const failures: string[] = [];
    for (const step of httpThroughGateway(document)) {
      if (!installation.test(step.id)) failures.push(...(await play(stage, step)));
    }
    expect(failures).toEqual([]);
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

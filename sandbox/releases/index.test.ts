import { expect, test } from 'vitest';
import { findRelease } from './index.ts';

test.each([[{}], [{ istio: '1.30' }], [{ istio: '1.30.3', kubernetes: '1.35' }], [{ kubernetes: 'v1.35.2' }]])(
  '%o is the one release there is',
  (wanted) => {
    const { istio, kubernetes } = findRelease(wanted);
    expect([istio.version, kubernetes.version]).toEqual(['1.30.3', '1.35.2']);
  },
);

test('another version is an error that lists what exists', () => {
  expect(() => findRelease({ istio: '1.4' })).toThrow('Istio 1.4 is not available here; available: 1.30 (1.30.3)');
  expect(() => findRelease({ kubernetes: '1.36' })).toThrow('Kubernetes 1.36 is not available here');
});

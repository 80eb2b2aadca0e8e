import type { KubernetesRelease } from './types.ts';

export const kubernetes1352: KubernetesRelease = {
  version: '1.35.2',
  minor: '1.35',
  build: {
    major: '1',
    minor: '35',
    emulationMajor: '1',
    emulationMinor: '35',
    minCompatibilityMajor: '1',
    minCompatibilityMinor: '34',
    gitVersion: 'v1.35.2',
    gitCommit: 'fdc9d74cbf2da6754ebf81d56f80ae2948cd6425',
    gitTreeState: 'clean',
    buildDate: '2026-02-26T20:04:53Z',
    goVersion: 'go1.25.7',
    compiler: 'gc',
    platform: 'linux/amd64',
  },
  kustomizeVersion: 'v5.7.1',
  containerRuntimeVersion: 'containerd://2.2.1',
  images: {
    coredns: 'registry.k8s.io/coredns/coredns:v1.13.1',
    etcd: 'registry.k8s.io/etcd:3.6.6-0',
    kindnet: 'docker.io/kindest/kindnetd:v20251212-v0.29.0-alpha-105-g20ccfc88',
    pause: 'registry.k8s.io/pause:3.10.1',
    'kube-apiserver': 'registry.k8s.io/kube-apiserver:v1.35.2',
    'kube-controller-manager': 'registry.k8s.io/kube-controller-manager:v1.35.2',
    'kube-scheduler': 'registry.k8s.io/kube-scheduler:v1.35.2',
    'kube-proxy': 'registry.k8s.io/kube-proxy:v1.35.2',
  },
};

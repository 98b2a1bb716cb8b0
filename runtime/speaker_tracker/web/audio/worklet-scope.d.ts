// What a worklet finds in the thread of the audio system (Web Audio API 1.1, "AudioWorkletGlobalScope"), as far as the page uses it.

declare const sampleRate: number;

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

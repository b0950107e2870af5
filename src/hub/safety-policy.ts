import type { ConfigFile } from '../config/schema.ts';
import { SAFETY_POLICY, type SafetyPolicy } from '../rules/safety-policy.ts';

/** The settings over the defaults of DOMAIN D5, class by class. */
export function safetyPolicy(settings: ConfigFile['safety']): SafetyPolicy {
  const { E0, E1, E2, E3, schedule, ...rest } = settings;
  const merged = {
    ...SAFETY_POLICY,
    ...rest,
    E0: { ...SAFETY_POLICY.E0, ...E0 },
    E1: { ...SAFETY_POLICY.E1, ...E1 },
    E2: { ...SAFETY_POLICY.E2, ...E2 },
    E3: { ...SAFETY_POLICY.E3, ...E3 },
    schedule: { ...SAFETY_POLICY.schedule, ...schedule },
  };
  // zod's optional members are absent, never undefined.
  return merged as SafetyPolicy;
}

import { ConfigurableModuleBuilder } from '@nestjs/common';
import { TCC_OPTIONS } from './tcc.constants.js';
import type { TccModuleOptions } from './tcc.options.js';

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<TccModuleOptions>({
    optionsInjectionToken: TCC_OPTIONS,
  })
    .setClassMethodName('forRoot')
    .build();

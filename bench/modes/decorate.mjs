/**
 * What a compiler makes of a decorated class: the decorators of the methods, the types of the constructor's parameters,
 * then the decorators of the class.
 *
 * @param {Function} target
 * @param {ClassDecorator[]} ofClass
 * @param {Record<string, MethodDecorator>} ofMethods
 * @param {unknown[]} parameters of the constructor, for dependency injection
 */
export function decorate(target, ofClass, ofMethods, parameters) {
  for (const [name, decorator] of Object.entries(ofMethods)) {
    const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
    const replaced = decorator(target.prototype, name, descriptor) ?? descriptor;
    Object.defineProperty(target.prototype, name, replaced);
  }
  Reflect.defineMetadata('design:paramtypes', parameters, target);
  for (const decorator of ofClass) decorator(target);
  return target;
}

/** What is said in the frame: places, palette, themes, errors, counts, in Arabic. */
import type { app as english } from '../en/app';
import type { In } from '../message';

export const app: In<typeof english> = {
  'nav.label': 'الأماكن',
  'nav.new': 'جديد',
  'nav.runs': 'الجولات',
  'nav.review': 'المراجعة',
  'nav.decide': 'القرارات',
  'nav.library': 'المكتبة',
  'nav.command': 'الأوامر',
  'nav.help': 'المفاتيح',
  'nav.skip': 'إلى المحتوى',

  'action.close': 'إغلاق',
  'action.retry': 'أعد المحاولة',
  'action.showRest': { zero: 'أظهر المزيد', one: 'أظهر المزيد، بقي حرف واحد', two: 'أظهر المزيد، بقي حرفان', few: 'أظهر المزيد، بقيت {n} أحرف', many: 'أظهر المزيد، بقي {n} حرفًا', other: 'أظهر المزيد، بقي {n} حرف' },

  'text.cut': { zero: '… (وبلا بايتات أخرى)', one: '… (وبايت واحد آخر)', two: '… (وبايتان آخران)', few: '… (و{n} بايتات أخرى)', many: '… (و{n} بايتًا آخر)', other: '… (و{n} بايت آخر)' },

  'action.showMore': 'أظهر المزيد',
  'action.copyCsv': 'نسخ بصيغة CSV',
  'action.copied': 'تم النسخ',
  'action.back': 'رجوع',

  'theme.label': 'المظهر',
  'theme.system': 'المظهر: كالنظام',
  'theme.light': 'المظهر: فاتح',
  'theme.dark': 'المظهر: داكن',

  'language.label': 'اللغة',

  'error.title': 'تعذّر تنفيذ ذلك',
  'error.load': 'تعذّر التحميل',

  'loading': 'يجري التحميل…',

  'unknown': 'غير معروف',

  'none': 'لا شيء',

  'sample': 'عيّنة',
  'sample.long': 'عيّنة مرفقة، وليست منتجًا حقيقيًا',

  'ownLogin': 'دخول المستخدم',
  'ownLogin.long': 'يعمل بتسجيل دخول صاحبه وإعداداته: عزل أقل، ومحاولة واحدة في كل مرة، ولا حكم',
  'replay': 'إعادة تشغيل',
  'replay.long': 'أجاب تسجيل الجولة {run} مكان النماذج؛ والوقت والسرعة لإعادة التشغيل',
  'simulated': 'محاكاة',

  'reference': 'المرجع',

  'host.recorded': 'تسجيل',
  'host.recorded.long': 'هذا تسجيل: لا شيء يعمل هنا.',

  'isolation.full': 'تعمل المحاولات هنا معزولة.',
  'isolation.bubblewrap': 'تعمل المحاولات هنا معزولة بواسطة bwrap.',
  'isolation.container': 'تعمل المحاولات هنا معزولة بواسطة مشغّل حاويات.',
  'isolation.plain': 'المحاولات هنا غير معزولة.',

  'policy.none': 'لا توجد سياسة مسجّلة.',

  'count.tasks': { zero: 'بلا مهام', one: 'مهمة واحدة', two: 'مهمتان', few: '{n} مهام', many: '{n} مهمة', other: '{n} مهمة' },
  'count.assistants': { zero: 'بلا مساعدين', one: 'مساعد واحد', two: 'مساعدان', few: '{n} مساعدين', many: '{n} مساعدًا', other: '{n} مساعد' },
  'count.trials': { zero: 'بلا محاولات', one: 'محاولة واحدة', two: 'محاولتان', few: '{n} محاولات', many: '{n} محاولة', other: '{n} محاولة' },
  'count.tokens': { zero: '{count} رمز', one: '{count} رمز', two: '{count} رمز', few: '{count} رموز', many: '{count} رمزًا', other: '{count} رمز' },
  'count.events': { zero: 'بلا أحداث', one: 'حدث واحد', two: 'حدثان', few: '{n} أحداث', many: '{n} حدثًا', other: '{n} حدث' },
  'count.files': { zero: 'بلا ملفات', one: 'ملف واحد', two: 'ملفان', few: '{n} ملفات', many: '{n} ملفًا', other: '{n} ملف' },
  'count.tests': { zero: 'بلا اختبارات', one: 'نجح {passed} من اختبار واحد', two: 'نجح {passed} من اختبارين', few: 'نجح {passed} من {n} اختبارات', many: 'نجح {passed} من {n} اختبارًا', other: 'نجح {passed} من {n} اختبار' },

  'join.two': '{a}، {b}',

  'policy.title': 'السياسة',
  'policy.text': 'لا توجد سياسة مسجّلة لهذا الجهاز. الجولات مسموحة، وتقاريرها تقول ذلك.',

  'later.review': 'لا شيء للمراجعة بعد',
  'later.review.text': 'ستظهر هنا المراجعات العمياء للفروق المنتهية. هذا الإصدار لا يجريها بعد؛ ويمكن قراءة فروق الجولة من الجولات.',
  'later.decide': 'لا قرار في السجل',
  'later.decide.text': 'ستُحفظ هنا السياسات والقرارات. هذا الإصدار لا يحفظ شيئًا منها؛ لا توجد سياسة مسجّلة، فالجولات مسموحة وتقول ذلك.',
  'later.library': 'لا شيء لك هنا بعد',
  'later.library.text': 'ستُسرد هنا المهام والمساعدون الذين تحتفظ بهم. هذا الإصدار يقرأ المجموعات من المجلدات؛ وشاشة «جديد» تعرض ما وجده.',
  'later.runs': 'إلى الجولات',
  'later.new': 'إلى «جديد»',

  'palette.label': 'الأوامر',
  'palette.hint': 'اكتب لتجد مكانًا أو جولة أو أمرًا',
  'palette.none': 'لا شيء يطابق.',
  'palette.theme': 'غيّر المظهر',
  'palette.language': 'بدّل اللغة',
  'palette.help': 'أظهر كل المفاتيح',
  'palette.sample': 'شغّل العيّنة',
  'palette.run': 'افتح {run}',

  'help.title': 'المفاتيح',
  'help.places': 'اذهب إلى مكان',
  'help.palette': 'ابحث عن أمر',
  'help.help': 'أظهر هذه القائمة',
  'help.tabs': 'أجزاء الجولة',
  'help.place': 'التغيير التالي أو السابق',
  'help.file': 'الملف التالي أو السابق',
  'help.form': 'متراكبة، عمودان',
  'help.reference': 'أظهر المرجع',
  'help.close': 'أغلق النافذة',

  'fair.title': 'فيم يختلفون',
  'fair.hint': 'فيما عدا أنفسهم، ليتسنى لك الاعتراض',
  'fair.aspect': 'الجانب',
  'fair.values': 'ما هو، ولمن',
  'fair.same': 'واحد للجميع: {names}.',
  'fair.alike': 'لا يختلف بينهم شيء معروف.',
  'fair.unknown': 'غير معروف',
  'fair.aspect.tool': 'الأداة',
  'fair.aspect.version': 'الإصدار',
  'fair.aspect.model': 'النموذج',
  'fair.aspect.effort': 'الجهد',
  'fair.aspect.arguments': 'المعاملات',
  'fair.aspect.instructions': 'ملفات التعليمات',
  'fair.aspect.extensions': 'الإضافات',
  'fair.aspect.permissions': 'الأذون',
  'fair.aspect.environment': 'البيئة',
  'fair.aspect.network': 'الشبكة',
  'fair.aspect.readable': 'ملفات الجهاز المقروءة',
  'fair.aspect.limits': 'الحدود',
  'fair.aspect.account': 'الحساب',
  'fair.aspect.sign_in': 'تسجيل الدخول',
  'fair.aspect.address': 'العنوان',
  'fair.aspect.price': 'كيف تُعرف الكلفة',
  'fair.aspect.caches': 'المدخل من الذاكرة المؤقتة',
  'fair.aspect.isolation': 'العزل',
  'fair.aspect.rounds': 'الأدوار',

  'leftOut.title': { zero: 'لم يُستبعد زوج', one: 'استُبعد زوج واحد', two: 'استُبعد زوجان', few: 'استُبعدت {n} أزواج', many: 'استُبعد {n} زوجًا', other: 'استُبعد {n} زوج' },
  'leftOut.pair': '{tool} مع {model}',

  'kind.bug_fix': 'إصلاح خطأ',
  'kind.feature': 'ميزة',
  'kind.refactoring': 'إعادة هيكلة',
  'kind.performance': 'أداء',
  'kind.tests': 'اختبارات',
  'kind.canary': 'مهمة كاشفة',
  'kind.other': 'غير ذلك',
};

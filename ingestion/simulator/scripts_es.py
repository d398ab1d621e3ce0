"""What End Contacts write, in the Spanish of Mexico. Data alone; players.py reads and plays it.

A script is a list of turns, a turn a list of lines said one after another; after a turn the person waits for an answer.
`a | b` are variants. Words in braces are filled in. A line may begin with a mark: [foto] [archivo] [voz] [sticker]
[ubicación] [historia] with an optional text behind it, [reacción ❤️] to what was answered, [corrige] what the line
before should have said, [borra] the line before is withdrawn.
"""

Turn = tuple[str, ...]
Script = tuple[Turn, ...]

FILLINGS: dict[str, tuple[str, ...]] = {
    "dia": ("mañana", "el viernes", "el sábado", "el lunes", "el jueves", "pasado mañana", "este martes"),
    "hora": ("a las 10", "a las 4 de la tarde", "como a las 12", "después de las 6", "temprano, a las 8:30"),
    "colonia": ("la Roma", "la Narvarte", "Coyoacán", "la Del Valle", "Iztapalapa", "Lindavista", "la Portales"),
    "auto": ("un Versa 2019", "un Jetta 2016", "una CR-V 2020", "un Aveo 2015", "un March 2018", "una Ranger 2017"),
    "flor": ("rosas rojas", "girasoles", "tulipanes", "gerberas", "lilis", "rosas color durazno"),
    "platillo": ("una orden de enchiladas suizas", "un mole poblano", "un pozole rojo", "una torta ahogada"),
    "estudio": ("una limpieza dental", "una química sanguínea", "una consulta de pediatría", "un ultrasonido"),
    "servicio": ("un balayage", "un corte con peinado", "uñas acrílicas", "un facial", "un tinte y corte"),
    "cosa": ("la mochila azul", "la chamarra de mezclilla", "la falda plisada", "la blusa verde"),
    "numero": ("1482", "2075", "3391", "4106", "5528", "6717", "8034"),
    "personas": ("4 personas", "6 personas", "8 personas", "2 personas y una bebé", "12 personas"),
}  # fmt: skip

_TALLER: tuple[Script, ...] = (
    (
        ("Hola buenas tardes | Buen día 🙌 | Q tal, buenas", "Disculpe, ¿cuánto sale la afinación mayor para {auto}?"),
        ("¿Y eso ya incluye bujías y filtros? | ¿Ya es con todo y refacciones?",),
        ("Va, ¿me lo pueden recibir {dia} {hora}? | Perfecto. ¿Tendrán lugar {dia}?",),
        ("Sale, ahí estaré. ¡Gracias! 🚗", "[reacción 👍]"),
    ),
    (
        ("Buenas, mi coche trae un ruido raro al frenar 😩", "[voz]"),
        ("Es {auto}, de los frenos de adelante creo", "[foto] Mire, así está la llanta"),
        ("Uy, ¿y como en cuanto saldría mas o menos?", "[corrige] Uy, ¿y como en cuánto saldría más o menos?"),
        ("Ok, lo llevo {dia} entonces. ¿Hasta qué hora están?",),
        ("Gracias, muy amable 🙏 | Mil gracias, nos vemos",),
    ),
    (
        ("Oigan, dejé mi carro desde el lunes y nadie me avisa nada 😠", "La orden es la {numero}"),
        ("Pero me dijeron que ayer quedaba…| Es que me dijeron que ya estaba",),
        ("Bueno, ¿me mandan foto de cómo va porfa?",),
        ("Ok gracias, quedo al pendiente", "[reacción ❤️]"),
    ),
    (
        ("¿Tienen servicio de grúa? Se me apagó el coche en {colonia} 😰", "[ubicación]"),
        ("Sí, ahí merito. ¿Como cuánto tardan?",),
        ("Va va, los espero. ¡Gracias de verdad!", "[sticker]"),
    ),
)  # fmt: skip

_FLORERIA: tuple[Script, ...] = (
    (
        ("¡Hola! ¿Hacen envíos a {colonia}? 💐 | Holaa, ¿mandan flores a {colonia}?",),
        ("Ay qué bien. Quiero un ramo de {flor}, ¿qué precio tienen?",),
        ("Me encanta 😍 ¿Sería para {dia}, con una tarjetita que diga «Feliz cumpleaños, ma»?",),
        ("Listo, ahorita le hago la transferencia", "[archivo] Aquí va el comprobante 👆"),
        ("¡Gracias! Quedó precioso el de la vez pasada 🌸", "[reacción ❤️]"),
    ),
    (
        ("[historia] ¿Qué precio tiene ese arreglo? 😍",),
        ("Está divino, ¿lo tienen en otros colores?",),
        ("Apártenme uno porfa, paso por él {dia} {hora}",),
        ("Sip, a nombre de {nombre}. Graciaas ✨ | A nombre de {nombre}, gracias!!",),
    ),
    (
        ("Buenas tardes, ayer me llegó el ramo pero varias flores venían marchitas 😕", "[foto]"),
        ("Pedido {numero}. La verdad me dio mucha pena con mi suegra",),
        ("Se los agradecería mucho, ¿me lo pueden reponer {dia}?",),
        ("Muchas gracias por resolver, así da gusto 🙏",),
    ),
    (
        ("Hola, es para una boda en marzo, ¿manejan centros de mesa?", "[foto] Algo así tenemos en mente"),
        ("Serían como 15 mesas, en tonos blanco y verde",),
        ("¿Y hacen cita para ver opciones? Podemos {dia}",),
        ("Perfecto, ahí nos vemos. Saludos!",),
    ),
)  # fmt: skip

_CLINICA: tuple[Script, ...] = (
    (
        ("Buenos días, quisiera agendar {estudio} | Buen día, ¿tienen cita para {estudio}?",),
        ("Puede ser {dia} {hora}, si hay | ¿Habrá algo {dia}?",),
        ("A nombre de {nombre}. ¿Tengo que ir en ayunas?",),
        ("Muchas gracias, que tenga bonito día 😊", "[reacción 👍]"),
    ),
    (
        ("Hola, ya estan mis resultados? folio {numero}", "[corrige] Hola, ¿ya están mis resultados? Folio {numero}"),
        ("¿Me los pueden mandar por aquí en pdf porfavor?",),
        ("Ya los vi, gracias! ¿La doctora me los puede explicar {dia}?",),
        ("Ok, perfecto 👌",),
    ),
    (
        ("Disculpe, voy a llegar 15 min tarde a mi cita, hay muchísimo tráfico 😓",),
        ("Ay gracias, ya voy por {colonia}", "[ubicación]"),
        ("Ya estoy afuera, ¿dónde me puedo estacionar?",),
        ("Gracias 🙏",),
    ),
    (
        ("Buenas noches, mi niña trae calentura desde ayer, ¿atienden urgencias?",),
        ("38.5 y no se le baja con el paracetamol 😟", "Es que ya ni come"),
        ("Va, salgo para allá. ¿Cuánto es la consulta?",),
        ("Gracias doctora, ya está mucho mejor la peque ❤️",),
    ),
)  # fmt: skip

_RESTAURANTE: tuple[Script, ...] = (
    (
        ("Hola! Para reservar {dia}, somos {personas} | Buenas, ¿puedo reservar para {personas} {dia}?",),
        ("{hora} estaría perfecto. ¿Tienen terraza?",),
        ("A nombre de {nombre} porfa. ¿Se puede llevar pastel? 🎂",),
        ("Súper, gracias! Nos vemos",),
    ),
    (
        ("¿Tienen servicio a domicilio en {colonia}?", "Se me antoja {platillo} 🤤"),
        ("Serían dos y una jarra de jamaica, ¿cuánto es?",),
        ("[ubicación]", "Es el portón café, tocar fuerte porque no sirve el timbre jaja"),
        ("Llegó calientito, buenísimo 👏👏", "[foto] Provecho!", "[reacción ❤️]"),
    ),
    (
        ("Pedí hace una hora y nada que llega 😡", "[voz]"),
        ("Es el pedido {numero}", "Ya ni hambre tengo", "[borra]"),
        ("Ok, espero otros 10 minutos y si no mejor lo cancelo",),
        ("Ya llegó. Gracias por la atención, y por el postre de cortesía 😅",),
    ),
    (
        ("Buenas! ¿El mole pica mucho? Es para mi abuelita | Oigan, ¿tienen menú vegetariano?",),
        ("Ah ok ok, ¿y me pasan el menú completo?",),
        ("Gracias!! Ahí caemos {dia} 🙌",),
    ),
)  # fmt: skip

_ESTETICA: tuple[Script, ...] = (
    (
        ("Holi, ¿cuánto cuesta {servicio}? 💅 | Hola hermosa, ¿qué costo tiene {servicio}?",),
        ("[foto] Quiero algo así, traigo el pelo hasta los hombros",),
        ("¿Tienes lugar {dia} {hora}?",),
        ("Apártamelo porfis, soy {nombre} 💕",),
        ("[sticker]", "Graciaaas, nos vemos!"),
    ),
    (
        ("Buenas, tengo cita {dia} pero me salió un viaje de trabajo 😭", "¿Se puede cambiar?"),
        ("El otro sábado {hora} me queda perfecto",),
        ("Mil gracias por el paro 🙏 | Eres un amor, gracias",),
    ),
    (
        ("Hola, ayer me hicieron {servicio} y no me gustó como quedó 😔", "[foto]"),
        ("Me quedó mas oscuro de lo que pedí", "[corrige] Me quedó más oscuro de lo que pedí"),
        ("Sí porfa, ¿puedo ir {dia}?",),
        ("Gracias por la atención, ahora sí quedó divino 😍", "[reacción ❤️]"),
    ),
)  # fmt: skip

_TIENDA: tuple[Script, ...] = (
    (
        ("Hola, ¿todavía tienen {cosa}? | Buenas, ¿sigue disponible {cosa}?",),
        ("¿Y en qué talla/medida la manejan? Precio porfa",),
        ("¿Hacen envíos a Mérida? ¿Cuánto tarda? | ¿Aceptan tarjeta o nada más transferencia?",),
        ("Va, la quiero. Le mando el comprobante", "[archivo] Listo 👆"),
        ("¡Gracias! Excelente servicio ⭐⭐⭐⭐⭐",),
    ),
    (
        ("Mi pedido {numero} dice entregado pero no me llegó nada 😟",),
        ("Vivo en {colonia}, el vecino tampoco lo recibió", "[foto] Esto me sale en el rastreo"),
        ("Ok, ¿y cuándo me resuelven? Ya son tres días…",),
        ("Ya apareció! Lo tenía el de la caseta jaja, una disculpa 🙈",),
    ),
    (
        ("[historia] Queeé bonito 😍 ¿precio?",),
        ("¿Y si llevo dos hay descuentito? 👀",),
        ("Jajaja ok, apárteme los dos. Paso {dia}",),
        ("Gracias, bonita tarde ☀️", "[reacción 😂]"),
    ),
    (
        ("Buenas tardes, ¿puedo cambiar {cosa}? Me quedó chica", "Tengo el ticket, la compré la semana pasada"),
        ("¿Aunque ya le haya quitado la etiqueta? | No la he usado, nomás me la probé",),
        ("Perfecto, ¿en qué horario están?", "[voz]"),
        ("Ntp, ahí llego. Gracias!",),
    ),
)  # fmt: skip

SCRIPTS: dict[str, tuple[Script, ...]] = {
    "taller": _TALLER,
    "floreria": _FLORERIA,
    "clinica": _CLINICA,
    "restaurante": _RESTAURANTE,
    "estetica": _ESTETICA,
    "tienda": _TIENDA,
}
# Where a channel has no map pin, people describe the place.
PLACE = "Estoy en {colonia}, frente al parque, junto a la farmacia 📍"
# When nobody answers: once they ask again, then they let it be.
NUDGES = (
    "¿Hola? 👀",
    "¿Siguen ahí?",
    "Buenas, ¿me pueden ayudar porfa?",
    "??",
    "Quedo al pendiente 🙏",
    "¿Alguien por ahí?",
)

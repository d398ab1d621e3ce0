"""What End Contacts of the invented Clients wrote and what the agents answered, in the Spanish of Mexico. Data alone.

A dialogue has turns in the order person, agent, person, agent …; a line of a person may begin with the mark of a file
([foto] [voz] [archivo] [ubicación]). Dialogues that end with the person are waiting for an answer.
"""

from collections.abc import Mapping

Turn = tuple[str, ...]
Dialogue = tuple[Turn, ...]

DIALOGUES: Mapping[str, tuple[Dialogue, ...]] = {
    "taller": (
        (
            ("Hola, buenas tardes 🙌", "¿Cuánto sale la afinación mayor de un Versa 2019?"),
            ("¡Buenas tardes! La afinación mayor del Versa queda en $2,350 con bujías, filtros y aceite.",),
            ("Perfecto, ¿me lo reciben el jueves a las 9?",),
            ("Queda apartado el jueves a las 9:00. Lo esperamos 👍",),
        ),
        (("Mi coche hace este ruido al frenar 😩", "[voz]", "[foto] Así está la llanta"),),
        (
            ("¿Ya está mi camioneta? Orden 4106",),
            ("¡Hola! Sale hoy a las 5 de la tarde, ya nada más le hacemos la prueba de manejo.",),
            ("Gracias, ahí estoy a las 5",),
        ),
        (("¿Tienen servicio de grúa? Me quedé tirada en la Narvarte 😰", "[ubicación]"),),
        (("Buen día, ¿trabajan con factura?",), ("Sí, claro. Nos manda su constancia y se la hacemos el mismo día.",)),
    ),
    "floreria": (
        (
            ("Holaa, ¿hacen envíos a Coyoacán? 💐",),
            ("¡Hola! Sí, el envío a Coyoacán cuesta $120 y llega el mismo día.",),
            ("Quiero un ramo de girasoles para mañana, con tarjetita 🌻", "[foto] Como este"),
            ("Listo, su ramo de 12 girasoles sale mañana a las 10. ¿Qué escribimos en la tarjeta?",),
            ("«Feliz cumpleaños, ma» ❤️",),
        ),
        (("Ayer me llegó el ramo y varias flores venían marchitas 😕", "[foto]"),),
        (
            ("¿Manejan centros de mesa para boda? Serían 15",),
            ("¡Felicidades! Sí, desde $480 cada uno. ¿Le agendo una cita para ver opciones?",),
            ("Sí porfa, el sábado a las 11",),
            ("Agendado, la esperamos el sábado a las 11:00.",),
        ),
        (("¿Hasta qué hora están hoy?",), ("Cerramos a las 8 de la noche 🌷",)),
    ),
    "clinica": (
        (
            ("Buenos días, quisiera agendar una limpieza dental",),
            ("Buenos días. Tenemos el viernes a las 10:30 o a las 16:00, ¿cuál prefiere?",),
            ("El de las 16:00, a nombre de Ana Solís",),
            ("Confirmado: viernes 16:00, Ana Solís. No necesita venir en ayunas.",),
        ),
        (("¿Ya están mis resultados? Folio 3391",),),
        (
            ("Voy a llegar 15 minutos tarde, hay muchísimo tráfico 😓", "[ubicación]"),
            ("No se preocupe, la doctora la espera.",),
        ),
        (("¿Aceptan seguro de gastos médicos?", "[archivo] Esta es mi póliza"),),
    ),
    "restaurante": (
        (
            ("Buenas, ¿puedo reservar para 6 el sábado?",),
            ("¡Claro! ¿A qué hora les gustaría?",),
            ("A las 2 y media, en terraza si se puede",),
            ("Listo, mesa para 6 en terraza, sábado 14:30. ¿A nombre de quién?",),
            ("De Emiliano Garza, gracias 🙌",),
        ),
        (("¿El mole pica mucho? Es para mi abuelita",), ("Pica poquito; si gusta se lo servimos aparte 😊",)),
        (("Pedí hace una hora y nada que llega 😡", "Es el pedido 2075"),),
        (("[foto] ¡Provecho! Estuvo buenísimo",), ("¡Muchas gracias por compartir! Los esperamos pronto ☕",)),
    ),
    "tienda": (
        (
            ("¿Todavía tienen la mochila azul?",),
            ("Sí, nos quedan tres en tamaño mediano, a $549.",),
            ("Va, la quiero. Le mando el comprobante", "[archivo] Listo 👆"),
            ("Recibido, sale mañana por paquetería. ¡Gracias por su compra!",),
        ),
        (("Mi pedido 8034 dice entregado pero no me llegó nada 😟", "[foto] Esto me sale en el rastreo"),),
        (("¿Hacen envíos a Mérida?",), ("Sí, llega en 3 o 4 días hábiles y cuesta $160.",)),
        (("¿Puedo cambiar la blusa verde? Me quedó chica", "Tengo el ticket"),),
    ),
    "estetica": (
        (
            ("Holi, ¿qué costo tiene un balayage? 💅",),
            ("¡Hola, hermosa! Desde $1,800 según el largo. ¿Nos mandas foto de tu cabello?",),
            ("[foto]",),
            ("Para ese largo queda en $2,200 con tratamiento ✨",),
        ),
        (("Tengo cita el viernes pero me salió un viaje 😭", "¿Se puede cambiar?"),),
        (("¿Tienen lugar mañana para corte?",), ("Sí, a las 12 o a las 5 de la tarde.",)),
    ),
}
